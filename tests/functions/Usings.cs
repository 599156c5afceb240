[assembly: AssemblyFixture(typeof(OneProcess))]
